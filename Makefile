# The doors to this project. Needed beforehand: git, make, Python 3.11 or newer. Everything else goes into .venv.
#
#   make reproduce [PROFILE=phantom]   all stages, then the book at book/_build/html/index.html
#   make test [TESTS=tests/data]       style, types, all tests; under nine minutes on two cores
#   make check [TESTS=tests/data]      the same without whole stages and the rendered book: for the desk
#   make drills [DRILLS=tests/drills]  kills, full disks, damaged and hostile files, a fresh machine; two hours
#   make drill-slurm                   stages as jobs of a SLURM of one node, which is installed first (apt, root)
#   make book                          the book from the frozen results alone, no torch needed
#   make setup                         the environment alone
#   make clean                         the built book and caches; results in runs/ stay

PROFILE ?= phantom
VENV ?= .venv
WORKERS ?= 2
TESTS ?=
DRILLS ?= tests/drills
SLURM := munge slurmctld slurmd slurm-client
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$python; break; }; done)

BIN := $(VENV)/bin
EVERYTHING := $(VENV)/.installed-all
BOOK_ONLY := $(VENV)/.installed-book

.PHONY: setup reproduce test check drills drill-slurm book clean
.DELETE_ON_ERROR:

setup: $(EVERYTHING)

reproduce: $(EVERYTHING)
	@$(BIN)/infomotion run all --profile "$(PROFILE)" --book
	@$(BIN)/infomotion report --profile "$(PROFILE)"

check: SELECTED := -m "not run and not book"

test check: $(EVERYTHING)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -rs --durations=25 $(SELECTED) $(TESTS)

drills: $(EVERYTHING)
	@$(BIN)/python -m pytest $(DRILLS) -o python_files='drill_*.py' -s -rs

drill-slurm: $(EVERYTHING)
	@{ command -v slurmctld && command -v slurmd && command -v munged && command -v sbatch; } >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends $(SLURM); }
	@$(MAKE) --no-print-directory drills DRILLS="tests/run/test_slurm.py tests/drills/drill_slurm.py"

book: $(if $(wildcard $(EVERYTHING)),$(EVERYTHING),$(BOOK_ONLY))
	@$(BIN)/infomotion book

clean:
	rm -rf book/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(EVERYTHING): EXTRAS := all
$(BOOK_ONLY): EXTRAS := book
$(EVERYTHING) $(BOOK_ONLY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed (on Debian: python3-venv)." >&2; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Installing the tested packages into $(VENV) (extras: $(EXTRAS)); a few minutes the first time."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@
