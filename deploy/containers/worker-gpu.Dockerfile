# A worker for NVIDIA's cards. The jar is one that was built with -Pgpu:
#   ./mvnw -Dquick -Pgpu -pl worker-agent -am package
#   docker build -f deploy/containers/worker-gpu.Dockerfile -t gleaner-worker-gpu worker-agent/target
# Run with --gpus all.
FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-21-jre-headless && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -m 0700 /data
COPY worker-agent.jar /app/
USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-Xmx2g", "-jar", "/app/worker-agent.jar"]
CMD ["run", "--home", "/data", "--provider", "cuda,cpu"]
