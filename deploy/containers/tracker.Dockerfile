# The tracker. Build from a folder that has tracker-server.jar (deploy/release-files makes it):
#   docker build -f deploy/containers/tracker.Dockerfile -t gleaner-tracker deploy/target/release
FROM eclipse-temurin:21-jre-noble
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -m 0750 /data
COPY tracker-server.jar /app/
USER 10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=70", "-jar", "/app/tracker-server.jar"]
CMD ["serve", "--data", "/data", "--host", "0.0.0.0"]
