import { EVENTS } from '@souk/contracts';
import { environmentOf } from './environment.ts';
import type { EnvironmentOptions } from './options.ts';
import { DATABASE_NAMES, POSTGRES_SERVERS, type ServiceModel, wavesOf } from './platform.ts';

export interface CheckInput {
  services: Readonly<Record<string, ServiceModel>>;
  /** The folders under services/ that are deployed by manifests. */
  serviceFolders: readonly string[];
  /** Service -> environment variables its settings know, and whether each is required. */
  settings: Readonly<Record<string, readonly { name: string; required: boolean }[]>>;
  environment: EnvironmentOptions;
}

/** Everything about the model that can be wrong without running anything; one sentence per problem. */
export function findModelProblems(input: CheckInput): string[] {
  const graph = findGraphProblems(input);
  // The rest follows the calls and would fall over one that leads nowhere.
  if (graph.length > 0) return graph;
  return [...findFolderProblems(input), ...findEventProblems(input), ...findEnvironmentProblems(input)];
}

function findGraphProblems({ services }: CheckInput): string[] {
  const problems: string[] = [];
  for (const service of Object.values(services)) {
    for (const callee of service.calls) {
      if (!services[callee]) problems.push(`${service.name} calls ${callee}, which is no service`);
    }
  }
  if (problems.length === 0) {
    try {
      wavesOf(services);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  const ports = Object.values(services).map((service) => service.port);
  if (new Set(ports).size !== ports.length) problems.push('Two services have the same port');
  const held = Object.values(POSTGRES_SERVERS).flat();
  for (const database of DATABASE_NAMES) {
    const owners = Object.values(services).filter((service) => service.database === database);
    if (owners.length !== 1) problems.push(`The database ${database} has ${owners.length} owners, expected one`);
    if (held.filter((name) => name === database).length !== 1)
      problems.push(`The database ${database} is not on exactly one server`);
  }
  return problems;
}

function findFolderProblems({ services, serviceFolders }: CheckInput): string[] {
  const missing = serviceFolders
    .filter((folder) => !services[folder])
    .map((folder) => `services/${folder} is not in the model`);
  const extra = Object.keys(services)
    .filter((name) => !serviceFolders.includes(name))
    .map((name) => `${name} has no folder services/${name}`);
  return [...missing, ...extra];
}

function findEventProblems({ services }: CheckInput): string[] {
  const problems: string[] = [];
  for (const [type, event] of Object.entries(EVENTS)) {
    for (const name of [event.producer, ...event.consumers]) {
      if (!services[name]) problems.push(`${type} names ${name}, which is no service`);
      else if (!services[name]?.broker) problems.push(`${name} takes part in ${type} but has no broker in the model`);
    }
  }
  return problems;
}

function findEnvironmentProblems({ services, settings, environment }: CheckInput): string[] {
  const problems: string[] = [];
  for (const service of Object.values(services)) {
    const known = settings[service.name];
    if (!known) {
      problems.push(`The settings of ${service.name} are not known`);
      continue;
    }
    const commands = service.database ? (['serve', 'migrate', 'seed'] as const) : (['serve'] as const);
    const supplied = new Set(environmentOf(service, environment).map((variable) => variable.name));
    for (const setting of known) {
      if (setting.required && !supplied.has(setting.name))
        problems.push(`${service.name} requires ${setting.name}, which the model does not supply`);
    }
    for (const command of commands) {
      for (const variable of environmentOf(service, environment, command)) {
        if (!known.some((setting) => setting.name === variable.name))
          problems.push(`${service.name} does not know ${variable.name}, which the model supplies`);
      }
    }
  }
  return [...new Set(problems)];
}
