import type { ServiceDefinition } from './service.ts';
export function runService<C>(definition: ServiceDefinition<C>): void {
  void definition;
}
