# The wheel is built in one image and installed in another, which has no build tools.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY auditor auditor
COPY rules rules
COPY profiles profiles
COPY reports reports
# The second referee has no wheel for every platform; an audit goes without it, and says so.
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[referee]' \
    || pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.12-slim
RUN --mount=from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'dicom-auditor[referee]' \
    || pip install --no-cache-dir --no-index --find-links /wheels dicom-auditor
# Nobody in particular: the collection is mounted read-only, the audit folder is the caller's.
USER 65534:65534
ENV HOME=/tmp
WORKDIR /audit
ENTRYPOINT ["dicom-audit"]
CMD ["--help"]
