import type { RouteDefinition } from './route.ts';

export interface OpenApiOptions {
  title: string;
  description: string;
  version?: string;
}

/** An OpenAPI 3.1 document as a plain object. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

/** The OpenAPI 3.1 document of a service, from the same definitions that route and validate. */
export function createOpenApiDocument(_options: {
  service: string;
  routes: readonly RouteDefinition[];
  openApi: OpenApiOptions;
}): OpenApiDocument {
  return undefined as never;
}
