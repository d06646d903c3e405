# One image; the command says its role: `sandbox` (all of it, or one system: `sandbox --only inhance`), or `pump` (a data pump
# for billers of your own).
# It runs as nobody in particular, with a read-only root, and needs a writable /tmp.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
# For the module that bill files are read by (docs/adr/0021-whole-invoices-in-c.md); without it they are read all the same.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . .
# Real files in place of the links that the checkout has below partnerlab/ (docs/adr/0006-one-installed-name.md).
RUN python -m venv /opt/partnerlab \
    && /opt/partnerlab/bin/pip install --no-cache-dir --disable-pip-version-check '.[sandbox]'

FROM python:${PYTHON}-slim
COPY --from=build /opt/partnerlab /opt/partnerlab
ENV PATH=/opt/partnerlab/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8700
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=6 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8700/_sandbox/health', timeout=2)"]
ENTRYPOINT ["partnerlab"]
CMD ["sandbox"]
