/** How a value is written in the environment; the deployment model and the table of variables read it. */
export type SettingKind = 'integer' | 'string' | 'url' | 'boolean' | 'enum' | 'secret' | 'integer-list' | 'string-list';

export type ParsedSetting<T> = { ok: true; value: T } | { ok: false; expected: string };

/** One environment variable: how to read it and everything a page or a manifest says about it. */
export interface Setting<T> {
  readonly name: string;
  readonly kind: SettingKind;
  readonly description: string;
  /** Without a default a missing variable stops the start. */
  readonly required: boolean;
  readonly default: T | undefined;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly parse: (raw: string) => ParsedSetting<T>;
}

/** The variables of one service, by the name of the field in its config. */
export type Settings<C> = { readonly [K in keyof C]: Setting<C[K]> };

/** The config that `loadSettings` reads for a table of settings. */
export type SettingsOf<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Names a table of settings; the type of the config follows by `SettingsOf`. */
export function defineSettings<S extends Readonly<Record<string, Setting<unknown>>>>(settings: S): S {
  return settings;
}

interface SettingOptions<T> {
  /** Left out makes the variable required. */
  default?: T;
  description?: string;
}

/** `default: undefined` makes the variable optional. */
interface OptionalSetting {
  default: undefined;
  description?: string;
}

// Overloads, because with one generic signature the expected type of `defineSettings` widens every setting to "or undefined".

export interface IntegerOptions {
  min?: number;
  max?: number;
  /** `ms`, `bytes`, `per minute`… */
  unit?: string;
}

/** A whole number in decimal digits within [min, max]. */
export function integerSetting(name: string, options: OptionalSetting & IntegerOptions): Setting<number | undefined>;
export function integerSetting(name: string, options?: SettingOptions<number> & IntegerOptions): Setting<number>;
export function integerSetting(
  name: string,
  options: SettingOptions<number | undefined> & IntegerOptions = {},
): Setting<number | undefined> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, unit } = options;
  const expected = `expected a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`;
  return {
    ...describe<number | undefined>(name, 'integer', options),
    ...(unit === undefined ? {} : { unit }),
    min,
    max,
    parse: (raw) => parseInteger(raw, { min, max, expected }),
  };
}

interface IntegerLimits {
  min: number;
  max: number;
  expected: string;
}

function parseInteger(raw: string, { expected, max, min }: IntegerLimits): ParsedSetting<number> {
  const value = /^-?\d{1,16}$/.test(raw) ? Number(raw) : Number.NaN;
  return Number.isSafeInteger(value) && value >= min && value <= max ? { ok: true, value } : { ok: false, expected };
}

/** The port a server listens on; 0 lets the system choose. */
export function portSetting(port: number, name = 'PORT'): Setting<number> {
  return integerSetting(name, { default: port, min: 0, max: 65_535, description: 'port to listen on' });
}

export interface StringOptions {
  pattern?: RegExp;
  /** What the pattern means, in words: "expected an ISO 4217 code". */
  expected?: string;
  charactersMax?: number;
}

/** Plain text, not empty. */
export function stringSetting(name: string, options: OptionalSetting & StringOptions): Setting<string | undefined>;
export function stringSetting(name: string, options?: SettingOptions<string> & StringOptions): Setting<string>;
export function stringSetting(
  name: string,
  options: SettingOptions<string | undefined> & StringOptions = {},
): Setting<string | undefined> {
  const { pattern, charactersMax = 2048, expected = `expected 1 to ${charactersMax} characters` } = options;
  return {
    ...describe<string | undefined>(name, 'string', options),
    parse: (value) =>
      value.length <= charactersMax && (pattern === undefined || pattern.test(value))
        ? { ok: true, value }
        : { ok: false, expected },
  };
}

export interface UrlOptions {
  /** Allowed schemes, without the colon; http and https unless said otherwise. */
  protocols?: readonly string[];
}

/** An absolute URL; a trailing slash is dropped so that paths can be appended. It must not carry a password: that is a secret. */
export function urlSetting(name: string, options: OptionalSetting & UrlOptions): Setting<string | undefined>;
export function urlSetting(name: string, options?: SettingOptions<string> & UrlOptions): Setting<string>;
export function urlSetting(
  name: string,
  options: SettingOptions<string | undefined> & UrlOptions = {},
): Setting<string | undefined> {
  const protocols = options.protocols ?? ['http', 'https'];
  return {
    ...describe<string | undefined>(name, 'url', options),
    parse: (raw) => parseUrl(raw, protocols),
  };
}

function parseUrl(raw: string, protocols: readonly string[]): ParsedSetting<string> {
  const expected = `expected an absolute URL (${protocols.join(', ')})`;
  if (!URL.canParse(raw)) return { ok: false, expected };
  return protocols.includes(new URL(raw).protocol.slice(0, -1))
    ? { ok: true, value: raw.replace(/\/+$/, '') }
    : { ok: false, expected };
}

/** `true` or `false`, nothing else. */
export function booleanSetting(name: string, options: OptionalSetting): Setting<boolean | undefined>;
export function booleanSetting(name: string, options?: SettingOptions<boolean>): Setting<boolean>;
export function booleanSetting(
  name: string,
  options: SettingOptions<boolean | undefined> = {},
): Setting<boolean | undefined> {
  return {
    ...describe<boolean | undefined>(name, 'boolean', options),
    values: ['true', 'false'],
    parse: (raw) =>
      raw === 'true' || raw === 'false'
        ? { ok: true, value: raw === 'true' }
        : { ok: false, expected: 'expected true or false' },
  };
}

/** One of a few words. */
export function enumSetting<const V extends string>(
  name: string,
  options: OptionalSetting & { values: readonly V[] },
): Setting<V | undefined>;
export function enumSetting<const V extends string>(
  name: string,
  options: SettingOptions<V> & { values: readonly V[] },
): Setting<V>;
export function enumSetting<const V extends string>(
  name: string,
  options: SettingOptions<V | undefined> & { values: readonly V[] },
): Setting<V | undefined> {
  return {
    ...describe<V | undefined>(name, 'enum', options),
    values: options.values,
    parse: (raw) => {
      const value = options.values.find((known) => known === raw);
      return value === undefined
        ? { ok: false, expected: `expected one of ${options.values.join(', ')}` }
        : { ok: true, value };
    },
  };
}

export interface ListOptions {
  items?: 'integers' | 'strings';
  itemsMax?: number;
  min?: number;
  max?: number;
  unit?: string;
}

/** Comma-separated texts or whole numbers; an empty value is the empty list. */
export function listSetting(
  name: string,
  options: SettingOptions<readonly number[]> & ListOptions & { items: 'integers' },
): Setting<readonly number[]>;
export function listSetting(
  name: string,
  options: SettingOptions<readonly string[]> & ListOptions & { items?: 'strings' },
): Setting<readonly string[]>;
export function listSetting(
  name: string,
  options: SettingOptions<readonly (number | string)[]> & ListOptions,
): Setting<readonly (number | string)[]> {
  const { itemsMax = 100, min = 0, max = Number.MAX_SAFE_INTEGER, unit } = options;
  const integers = options.items === 'integers';
  return {
    ...describe<readonly (number | string)[]>(name, integers ? 'integer-list' : 'string-list', options),
    ...(unit === undefined ? {} : { unit }),
    parse: (raw) => {
      const items = raw === '' ? [] : raw.split(',').map((item) => item.trim());
      if (items.length > itemsMax) return { ok: false, expected: `expected at most ${itemsMax} items` };
      if (!integers) {
        return items.includes('') ? { ok: false, expected: 'expected no empty item' } : { ok: true, value: items };
      }
      const expected = `expected whole numbers from ${min} to ${max}, separated by commas`;
      const numbers = items.map((item) => parseInteger(item, { min, max, expected }));
      return numbers.every((item) => item.ok)
        ? { ok: true, value: numbers.map((item) => item.value) }
        : { ok: false, expected };
    },
  };
}

export interface SecretOptions {
  /** The least length in bytes (UTF-8). */
  minBytes?: number;
  /** For URLs that carry a password: allowed schemes, without the colon. */
  protocols?: readonly string[];
}

/** A value that never appears in a log: a password, a key, a URL with a password in it. */
export function secretSetting(name: string, options: OptionalSetting & SecretOptions): Setting<string | undefined>;
export function secretSetting(
  name: string,
  options?: string | (SettingOptions<string> & SecretOptions),
): Setting<string>;
export function secretSetting(
  name: string,
  options: string | (SettingOptions<string | undefined> & SecretOptions) = {},
): Setting<string | undefined> {
  const described: SettingOptions<string | undefined> & SecretOptions =
    typeof options === 'string' ? { description: options } : options;
  const { minBytes = 1, protocols } = described;
  return {
    ...describe<string | undefined>(name, 'secret', described),
    ...(minBytes > 1 ? { min: minBytes, unit: 'bytes' } : {}),
    parse: (value) => {
      const bytes = Buffer.byteLength(value);
      if (bytes < minBytes) return { ok: false, expected: `expected at least ${minBytes} bytes, found ${bytes}` };
      return protocols === undefined ? { ok: true, value } : parseUrl(value, protocols);
    },
  };
}

function describe<T>(name: string, kind: SettingKind, options: { default?: T; description?: string }) {
  return {
    name,
    kind,
    description: options.description ?? '',
    required: !Object.hasOwn(options, 'default'),
    default: options.default,
  };
}
