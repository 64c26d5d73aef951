# One image with the tested packages, the notebooks and the book:
#
#   docker build -t infomotion .
#   docker run --rm -p 8888:8888 infomotion                                        JupyterLab on http://localhost:8888
#   docker run --rm -v "$PWD/runs:/home/reader/infomotion/runs" infomotion make reproduce PROFILE=smoke
#
# Licence: our own files are under Apache-2.0, and stay so. The image also holds Infomap (GPL-3.0-or-later), so whoever hands
# the image on does so under GPL-3.0-or-later as a whole, with Infomap's source or an offer of it. NOTICE says more.
FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="InfoMotion, a living paper" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader

WORKDIR /home/reader/infomotion
COPY --chown=reader:reader . .
RUN chown reader:reader . && pip install --no-cache-dir "jupyterlab>=4,<5"

USER reader
RUN make setup
ENV PATH="/home/reader/infomotion/.venv/bin:$PATH"
RUN python -m ipykernel install --user --name python3 --display-name "Python 3"

EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser", "notebooks"]
