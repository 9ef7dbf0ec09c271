import type { PlatformOptions } from '../model/options.ts';

/** A Kubernetes object as it goes to the API server or into a file. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** What a selector uses: it never changes in the life of an object. */
export function selectorLabels(name: string, options: Pick<PlatformOptions, 'instance'>) {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': options.instance };
}

/** The recommended labels, on every object and every pod. */
export function labels(name: string, component: string, options: Pick<PlatformOptions, 'instance' | 'version'>) {
  return {
    ...selectorLabels(name, options),
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'souk',
    'app.kubernetes.io/version': options.version,
    'app.kubernetes.io/managed-by': 'souk',
  };
}

export function metadata(name: string, component: string, options: PlatformOptions) {
  return { name, namespace: options.namespace, labels: labels(name, component, options) };
}
