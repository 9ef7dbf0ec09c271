import type { RunningService, ServiceContext, ServiceDefinition } from './service.ts';
export interface StartOptions {
  port?: number;
  host?: string;
}
export async function startService<C>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
  options: StartOptions = {},
): Promise<RunningService> {
  void definition;
  void context;
  void options;
  return { port: 0, url: '', stop: async () => {} };
}
