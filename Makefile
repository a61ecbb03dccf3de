# The verbs of Beez. Settings come from the environment, from `make run NAME=value`, or from .env.

PY := .venv/bin/python
ARGS ?=

# What production sets; the addresses lead nowhere, for checking needs none of them.
PRODUCTION := DEBUG=false HTTPS=true ALLOWED_HOSTS=beez.example \
	SECRET_KEY=only-for-checking-Jq3Vw8Zr5Tn2Xk9Lm4Bp7Hs6Df1Gc0Ya \
	DATABASE_URL=postgres://beez:beez@db.invalid/beez REDIS_URL=redis://redis.invalid/0

.DEFAULT_GOAL := help
.PHONY: help run test check format train lock sbom audit clean install install-dev tools

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Settings: .env.example. Like this: make run PORT=8001"

run: install ## prepare whatever is missing (packages, database, model), then serve until Ctrl-C
	@exec $(PY) manage.py up

test: install-dev ## the whole suite; ARGS="-k name" for a part
	@exec scripts/test $(ARGS)

check: install-dev ## style, types, layers, migrations, deployment settings, OpenAPI schema
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PRODUCTION) $(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

format: install-dev ## put the code into shape
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

train: install ## train a model and make it live; ARGS="--help" shows the options
	@exec $(PY) manage.py train $(ARGS)

lock: install-dev ## renew the lock files from pyproject.toml
	@scripts/lock

sbom: install tools ## what is installed, as a CycloneDX bill of materials: var/sbom.json
	@mkdir -p var
	.venv-tools/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
		--output-file var/sbom.json $(PY)

audit: tools ## known weaknesses of the locked packages; asks PyPI for them
	.venv-tools/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip --strict

clean: ## remove what tools have cached; .venv and var stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache var/tests
	find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

install:
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" scripts/install requirements.lock

tools:
	@PYTHON="$(PYTHON)" VENV=.venv-tools scripts/install requirements-tools.lock

install-dev:
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" scripts/install requirements-dev.lock
