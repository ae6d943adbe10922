# A worker, for x86-64 or Arm.
#   deploy/worker-jars linux-x86_64 linux-arm64
#   docker build -f deploy/containers/worker.Dockerfile -t gleaner-worker deploy
# Run with GLEANER_TRACKER, and a volume at /data: what it works on survives the container.
FROM debian:trixie-slim AS java
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-21-jdk-headless && rm -rf /var/lib/apt/lists/*
COPY packages/modules /
RUN jlink --add-modules "$(cat /modules)" --no-header-files --no-man-pages --compress zip-6 --output /runtime
COPY target/worker-jars /jars
RUN case "$(uname -m)" in x86_64) platform=x86_64 ;; aarch64) platform=arm64 ;; *) echo "no worker for $(uname -m)"; exit 1 ;; esac \
    && cp "/jars/worker-agent-linux-$platform.jar" /worker-agent.jar

FROM debian:trixie-slim
# What this Java's decoders of pictures take from the system.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libjpeg62-turbo liblcms2-2 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 gleaner \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -g gleaner -m 0700 /data
COPY --from=java /runtime /opt/java
COPY --from=java /worker-agent.jar /app/
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s \
  CMD ["/opt/java/bin/java", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-jar", "/app/worker-agent.jar", "ctl", "status", "--home", "/data"]
ENTRYPOINT ["/opt/java/bin/java", "-XX:+UseSerialGC", "-Xmx1g", "-jar", "/app/worker-agent.jar"]
CMD ["run", "--home", "/data"]
