# Sluice as an image: follows the logs mounted at /logs into a lake at /lake; state in /var/lib/sluice.
#
#   docker build -t sluice .
#   docker run --read-only -v /var/log/sentry:/logs:ro -v lake:/lake -v state:/var/lib/sluice sluice
#
# A configuration of your own: mount it over /etc/sluice/flume-conf.properties.

FROM docker.io/library/node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without scripts: the only ones are those of development packages that the build does not use.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM docker.io/library/node:24-bookworm-slim
RUN install -d -o node -g node /var/lib/sluice /lake && install -d /logs \
 && ln -s /usr/lib/sluice/dist/main.js /usr/local/bin/sluice
COPY --from=build /build/node_modules /usr/lib/sluice/node_modules
COPY --from=build /build/dist /usr/lib/sluice/dist
COPY package.json LICENSE /usr/lib/sluice/
COPY conf/flume-conf.properties /etc/sluice/
ENV NODE_ENV=production STATE_DIRECTORY=/var/lib/sluice SLUICE_LOGS=/logs SLUICE_LAKE=file:///lake
USER node
WORKDIR /var/lib/sluice
VOLUME ["/var/lib/sluice", "/lake"]
# The agent's own counters, on the container's loopback.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:41414/metrics').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and takes SIGTERM itself: it drains, closes its files and exits with 143.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/sluice"]
CMD ["agent", "-n", "agent", "-f", "/etc/sluice/flume-conf.properties", "-Dflume.monitoring.type=http", "-Dflume.monitoring.port=41414"]
