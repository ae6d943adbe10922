# A worker. Build from a folder that has worker-agent.jar (deploy/release-files makes it):
#   docker build -f deploy/containers/worker.Dockerfile -t gleaner-worker deploy/target/release
# Run with GLEANER_TRACKER, and a volume at /data: what it works on survives the container.
FROM eclipse-temurin:21-jre-noble
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gleaner \
    && install -d -o gleaner -m 0700 /data
COPY worker-agent.jar /app/
USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-Xmx1g", "-jar", "/app/worker-agent.jar"]
CMD ["run", "--home", "/data"]
