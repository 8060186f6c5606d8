"""The command ``approxbounds completion``: a shell script that completes commands, options and classes.

It is plain text made from what the library knows, so completing starts no Python. zsh reads the same script as bash.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields

from approxbounds.cli.text import UNION
from approxbounds.registry import FUNCTION_CLASSES, NETWORK_CLASSES

__all__ = ["SHELLS", "script"]

_BASH = """\
# completion of approxbounds, made by: approxbounds completion {shell}
_approxbounds() {{
  local line word key words before i command=""
  COMPREPLY=()
  line=${{COMP_LINE:0:$COMP_POINT}}
  line=${{line##*[ +]}}
  word=${{COMP_WORDS[COMP_CWORD]}}
  case "$word" in :|=) word="" ;; esac
  for ((i = 1; i < COMP_CWORD && i < 2; i++)); do command=${{COMP_WORDS[i]}}; done
  case "$line" in
    *:*)
      key=${{line##*[:,]}}
      case "$key" in *=*) return ;; esac
      case "${{line%%:*}}" in
{parameters}
        *) return ;;
      esac ;;
    *)
      key=$line
      case "$command" in
        "") words="{commands} --help --version" ;;
{words}
        *) return ;;
      esac
      case "${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}
      esac ;;
  esac
  before=${{word%"$key"}}
  for i in $words; do
    case "$key/$i" in /-*) continue ;; esac  # options once a - is typed: else they hide files
    case "$i" in "$key"*) COMPREPLY+=("$before$i") ;; esac
  done
{spaces}
}}
complete {options} -F _approxbounds approxbounds
"""
#: By shell: what goes before, how no space comes after a word that goes on (zsh has no compopt), and the options of
#: complete.
SHELLS = {
    "bash": ("", '  case "${COMPREPLY[0]}" in *[:=]) compopt -o nospace 2>/dev/null ;; esac', "-o default"),
    "zsh": (
        "autoload -U +X bashcompinit && bashcompinit\n",
        "  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do\n"
        '    case "${COMPREPLY[i]}" in *[:=]) ;; *) COMPREPLY[i]+=" " ;; esac\n'
        "  done",
        "-o default -o nospace",
    ),
}


def script(shell: str, commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """The script for one of :data:`SHELLS`; each command with its options, and classes where it takes some."""
    networks = {name: kind for name, kind in NETWORK_CLASSES.items() if name != UNION}  # written by its members
    tables = {"F": FUNCTION_CLASSES, "G": networks, "classes": {**FUNCTION_CLASSES, **networks}}
    words: list[str] = []
    values: dict[str, list[str]] = {}  # that an option takes
    for name, parser in commands.items():
        known: list[str] = []
        for action in parser._actions:
            choices = [*(action.choices or ())]
            if action.option_strings:
                known += action.option_strings
                values |= dict.fromkeys(action.option_strings if action.nargs != 0 else (), choices)
            else:
                known += choices + [f"{kind}:" for kind in tables.get(action.dest, ())]
        words.append(f'        {name}) words="{" ".join(known)}" ;;')
    parameters = []
    for name, kind in tables["classes"].items():
        named = " ".join(f"{field.name}=" for field in fields(kind))
        parameters.append(f'        {name}) words="{named}" ;;')
    free = "|".join(name for name, choices in values.items() if not choices)  # as a file, which the shell completes
    after = [f'        {name}) words="{" ".join(choices)}" ;;' for name, choices in values.items() if choices]
    after.append(f"        {free}) return ;;")
    parts = {"parameters": parameters, "words": words, "values": after}
    lines = {name: "\n".join(part) for name, part in parts.items()}
    before, spaces, options = SHELLS[shell]
    made = _BASH.format(shell=shell, commands=" ".join(commands), spaces=spaces, options=options, **lines)
    return before + made.rstrip()
