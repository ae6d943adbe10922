# A worker for NVIDIA's cards. The jar is one that was built with -Pgpu:
#   ./mvnw -Dquick -Pgpu -Dworker.platform=linux-x86_64 -pl worker-agent -am package
#   install -D worker-agent/target/worker-agent.jar deploy/target/worker-jars/worker-agent-linux-x86_64-gpu.jar
#   docker build -f deploy/containers/worker-gpu.Dockerfile -t gleaner-worker-gpu deploy
# Run with --gpus all.
FROM ubuntu:24.04 AS java
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-21-jdk-headless && rm -rf /var/lib/apt/lists/*
COPY packages/modules /
RUN jlink --add-modules "$(cat /modules)" --no-header-files --no-man-pages --compress zip-6 --output /runtime

FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04
# What this Java's decoders of pictures take from the system.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libjpeg-turbo8 liblcms2-2 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 gleaner \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -g gleaner -m 0700 /data
COPY --from=java /runtime /opt/java
COPY target/worker-jars/worker-agent-linux-x86_64-gpu.jar /app/worker-agent.jar
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s \
  CMD ["/opt/java/bin/java", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-jar", "/app/worker-agent.jar", "ctl", "status", "--home", "/data"]
ENTRYPOINT ["/opt/java/bin/java", "-XX:+UseSerialGC", "-Xmx2g", "-jar", "/app/worker-agent.jar"]
CMD ["run", "--home", "/data", "--provider", "cuda,cpu"]
