# The tracker.
#   deploy/release-files
#   docker build -f deploy/containers/tracker.Dockerfile -t gleaner-tracker deploy
FROM debian:trixie-slim AS java
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-21-jdk-headless && rm -rf /var/lib/apt/lists/*
COPY packages/modules /
RUN jlink --add-modules "$(cat /modules)" --no-header-files --no-man-pages --compress zip-6 --output /runtime

FROM debian:trixie-slim
RUN groupadd --gid 10001 gleaner \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -g gleaner -m 0750 /data
COPY --from=java /runtime /opt/java
COPY target/release/tracker-server.jar /app/
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/opt/java/bin/java", "-XX:MaxRAMPercentage=70", "-jar", "/app/tracker-server.jar"]
CMD ["serve", "--data", "/data", "--host", "0.0.0.0"]
