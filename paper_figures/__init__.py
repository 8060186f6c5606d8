"""The figures and the table of the paper, one script each. From the repository root:

    python -m paper_figures.make_all [--out DIR]     everything, into paper_figures/out by default
    python -m paper_figures.bracket [--out DIR]      one of them
    python -m paper_figures.make_all --check         compare the numbers with paper_figures/manifest.json
    python -m paper_figures.make_all --update        store them there
    python -m paper_figures.experiments              train anew what is stored in paper_figures/data, and compare

Every number comes from the public functions of approxbounds and hadamrnn; nothing is copied or fitted by hand. Numbers
that take training for minutes are stored, with their settings, in paper_figures/data.
"""
