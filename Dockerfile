# One file for all services: docker build --build-arg SERVICE=order-service -t souk/order-service .
#
#   deps       what npm installs, the same for every service
#   runtime    the part of it that services load when they run
#   generated  the Prisma client and the inlined migrations of one service
#   build      bundles the service into dist/
#   dev        runs the sources with node --watch, for file sync
#   prod       the bundle on a distroless Node, numeric non-root user (the default)

FROM node:24-bookworm-slim AS deps
WORKDIR /app
COPY package.json package-lock.json ./
# Only the manifests: a change in a source leaves this layer alone.
COPY packages/client/package.json packages/client/
COPY packages/contracts/package.json packages/contracts/
COPY packages/embedded/package.json packages/embedded/
COPY packages/http/package.json packages/http/
COPY packages/key-value/package.json packages/key-value/
COPY packages/messaging/package.json packages/messaging/
COPY packages/operations/package.json packages/operations/
COPY packages/outbox/package.json packages/outbox/
COPY packages/postgres-server/package.json packages/postgres-server/
COPY packages/service-runtime/package.json packages/service-runtime/
COPY packages/testing/package.json packages/testing/
COPY services/api-gateway/package.json services/api-gateway/
COPY services/notification-service/package.json services/notification-service/
COPY services/operator/package.json services/operator/
COPY services/order-service/package.json services/order-service/
COPY services/payment-service/package.json services/payment-service/
COPY services/product-service/package.json services/product-service/
COPY services/user-service/package.json services/user-service/
COPY cdk8s/package.json cdk8s/
COPY e2e/package.json e2e/
COPY bench/package.json bench/
COPY tools/package.json tools/
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund

FROM deps AS runtime
COPY tools/runtime-modules.mjs tools/workspace.mjs tools/
RUN node tools/runtime-modules.mjs /runtime

FROM deps AS generated
ARG SERVICE
COPY tools/generate.mjs tools/workspace.mjs tools/
# The Prisma client is made from the schema alone: a change in a source leaves this layer alone too. (The gateway has no
# prisma folder; a pattern may match nothing when another source of the same COPY is there.)
COPY services/${SERVICE}/package.json services/${SERVICE}/prism[a] services/${SERVICE}/prisma/
RUN mkdir -p services/${SERVICE}/src/generated && node tools/generate.mjs services/${SERVICE}

FROM generated AS build
ARG SERVICE
COPY tsconfig.base.json ./
COPY tools/bundle.mjs tools/
COPY packages/ packages/
# The operator renders shops by the deployment model.
COPY cdk8s/src/ cdk8s/src/
COPY services/${SERVICE}/ services/${SERVICE}/
RUN node tools/bundle.mjs services/${SERVICE} && rm -f services/${SERVICE}/dist/*.map

FROM node:24-bookworm-slim AS dev
WORKDIR /app
COPY --from=runtime /runtime/ ./
COPY tsconfig.base.json ./
ARG SERVICE
ENV NODE_ENV=development SERVICE=${SERVICE}
# The synced folders belong to the user that runs; node_modules stays root's.
COPY --chown=65532:65532 packages/ packages/
COPY --chown=65532:65532 services/${SERVICE}/ services/${SERVICE}/
COPY --from=generated --chown=65532:65532 /app/services/${SERVICE}/src/generated/ services/${SERVICE}/src/generated/
# Started like the production image: Node is the entry point, main.js is in the working folder. Node strips the types.
RUN echo "import './src/main.ts';" > services/${SERVICE}/main.js
USER 65532:65532
WORKDIR /app/services/${SERVICE}
ENTRYPOINT ["node"]
CMD ["--watch", "--watch-preserve-output", "main.js"]

FROM gcr.io/distroless/nodejs24-debian12:nonroot AS prod
ARG SERVICE
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="souk ${SERVICE}" \
      org.opencontainers.image.description="${SERVICE} of the Souk e-commerce platform" \
      org.opencontainers.image.vendor="Souk" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian12:nonroot" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/services/${SERVICE}/dist/ ./
USER 65532:65532
CMD ["main.js"]
