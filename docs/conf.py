"""Settings of Sphinx. The sources are put together by ``docs/build.py``, which calls Sphinx: ``make docs``."""

import re
from typing import Any

from approxbounds.version import __version__
from docs.formulas import as_rst

project = "approxbounds"
author = copyright = "the approxbounds developers"
release = version = __version__
extensions = [
    *("sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx.ext.mathjax", "myst_nb"),
    "sphinx-mathjax-offline",  # MathJax among the files of the site: formulas need no network
]
html_theme = "furo"
html_title = "approxbounds"
html_static_path, html_css_files = ["static"], ["site.css"]
html_show_sphinx = html_copy_source = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
python_maximum_signature_line_length = 110
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are shown as they are stored
nb_render_markdown_format = "myst"
# formulas in the tables of notebooks, which are HTML
myst_update_mathjax = False
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"], ["$", "$"]]},
    "options": {"processHtmlClass": "tex2jax_process|mathjax_process|math|output"},
}


def docstring(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Docstrings with their formulas; lists, examples and what is indented as they are."""
    shown = []
    for paragraph in "\n".join(lines).split("\n\n"):
        plain = not re.search(r"^(\s|>>>|[-*.:] ?|\d+\.)", paragraph, re.MULTILINE)
        shown.append(as_rst(" ".join(paragraph.split())) if plain else paragraph)
    lines[:] = "\n\n".join(shown).split("\n")


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", docstring)
