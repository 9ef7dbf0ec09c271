import type { Setting, Settings } from './setting.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type LoadedSettings<C> = { ok: true; config: C } | { ok: false; problems: string[] };

/**
 * Reads every setting from the environment. All problems are found in one go, one line each; a line never repeats the
 * value of a secret. An empty variable counts as missing, because manifests and Compose files pass empty ones on.
 */
export function loadSettings<C>(settings: Settings<C>, env: Environment): LoadedSettings<C> {
  const problems: string[] = [];
  const config: Partial<Record<keyof C, unknown>> = {};
  for (const [field, setting] of entriesOf(settings)) {
    const raw = env[setting.name];
    if (raw === undefined || (raw === '' && !setting.kind.endsWith('-list'))) {
      if (setting.required) problems.push(`${setting.name} is missing: ${setting.description}`);
      config[field] = setting.default;
      continue;
    }
    const parsed = setting.parse(raw);
    if (parsed.ok) config[field] = parsed.value;
    else problems.push(`${setting.name} is not valid: ${parsed.expected}${foundIn(setting, raw)}`);
  }
  return problems.length === 0 ? { ok: true, config: config as C } : { ok: false, problems };
}

function foundIn(setting: Setting<unknown>, raw: string): string {
  if (setting.kind === 'secret' || setting.kind === 'url') return '';
  return `, found ${JSON.stringify(raw.slice(0, 80))}`;
}

/** The settings as one flat object that is safe to log: secrets masked, of a URL only scheme, user, host and path shown. */
export function maskSettings<C>(settings: Settings<C>, config: C): Record<string, unknown> {
  return Object.fromEntries(
    entriesOf(settings).map(([field, setting]) => [setting.name, maskValue(setting, config[field])]),
  );
}

function maskValue(setting: Setting<unknown>, value: unknown): unknown {
  if (value === undefined) return null;
  if (setting.kind !== 'secret' && setting.kind !== 'url') return value;
  if (typeof value !== 'string' || !URL.canParse(value)) return setting.kind === 'secret' ? '***' : value;
  const url = new URL(value);
  // `new URL('secret:abc')` parses too: only what has a host is shown.
  if (url.host === '') return '***';
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : ':***'}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}

export function entriesOf<C>(settings: Settings<C>): [keyof C, Setting<C[keyof C]>][] {
  return (Object.keys(settings) as (keyof C)[]).map((field) => [field, settings[field]]);
}

/** One row of a table of environment variables. */
export interface SettingRow {
  variable: string;
  kind: string;
  required: boolean;
  secret: boolean;
  default: string;
  /** Unit, range or the allowed words. */
  limits: string;
  description: string;
}

/** What a README, the reference page or the deployment model says about a service's variables; no value of a secret in it. */
export function describeSettings<C>(settings: Settings<C>): SettingRow[] {
  return entriesOf(settings).map(([, setting]) => ({
    variable: setting.name,
    kind: setting.kind,
    required: setting.required,
    secret: setting.kind === 'secret',
    default: setting.default === undefined ? '' : String(setting.default),
    limits: limitsOf(setting),
    description: setting.description,
  }));
}

function limitsOf(setting: Setting<unknown>): string {
  if (setting.values !== undefined) return setting.values.join(', ');
  if (setting.min === undefined) return setting.unit ?? '';
  const range = setting.max === undefined ? `at least ${setting.min}` : `${setting.min} to ${setting.max}`;
  return setting.unit === undefined ? range : `${range} ${setting.unit}`;
}
