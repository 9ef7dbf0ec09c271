import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { type DataPart, isEmbedded, type PlatformOptions } from '../model/options.ts';
import { SERVICES } from '../model/platform.ts';
import { renderDataTier } from './data-tier.ts';
import { renderExposure } from './exposure.ts';
import { renderJob, withNameOfTemplate } from './job.ts';
import { labels, type Manifest } from './metadata.ts';
import { renderDataPolicies, renderDefaultDeny, renderServicePolicies } from './network-policy.ts';
import {
  PRE_STOP_SECONDS,
  renderConfigMap,
  renderDeployment,
  renderScaling,
  renderServiceAndAccount,
} from './service.ts';

const DATA_PARTS: readonly DataPart[] = ['database', 'messaging', 'cache', 'mail'];

/** The namespace, which refuses every pod that is not restricted. */
export function renderNamespace(options: PlatformOptions): Manifest {
  const chart = new Chart(new App(), 'namespace', { disableResourceNameHashes: true });
  const level = 'restricted';
  new k8s.KubeNamespace(chart, 'namespace', {
    metadata: {
      name: options.namespace,
      labels: {
        ...labels('souk', 'namespace', options),
        'pod-security.kubernetes.io/enforce': level,
        'pod-security.kubernetes.io/warn': level,
        'pod-security.kubernetes.io/audit': level,
      },
    },
  });
  return (chart.toJson() as Manifest[])[0] as Manifest;
}

/**
 * Every object of one environment, grouped by the file it goes into: a service's own objects together, the data tier,
 * what belongs to all. The operator renders the same groups from a Shop.
 */
export function renderPlatform(options: PlatformOptions): Record<string, Manifest[]> {
  const groups: Record<string, Manifest[]> = {};
  const group = (name: string, render: (chart: Chart) => void) => {
    const chart = new Chart(new App(), name, { disableResourceNameHashes: true });
    render(chart);
    groups[name] = (chart.toJson() as Manifest[]).map(withFieldsUnknownToTheSchema).map(withNameOfTemplate);
  };
  group('network', (chart) => renderDefaultDeny(chart, options));
  if (DATA_PARTS.some((part) => isEmbedded(options, part))) {
    group('data', (chart) => {
      renderDataTier(chart, options);
      renderDataPolicies(chart, options);
    });
  }
  for (const service of Object.values(SERVICES)) {
    group(service.name, (chart) => {
      renderServiceAndAccount(chart, service, options);
      renderConfigMap(chart, service, options);
      renderDeployment(chart, service, options);
      renderScaling(chart, service, options);
      if (service.database) renderJob(chart, { service, command: 'migrate' }, options);
      if (service.seeds && options.demoData) renderJob(chart, { service, command: 'seed' }, options);
      renderServicePolicies(chart, service, options);
    });
  }
  if (options.exposure.type !== 'None') group('exposure', (chart) => renderExposure(chart, options));
  return groups;
}

interface PodOwner extends Manifest {
  spec: { template: { spec: { containers: Record<string, unknown>[] } } };
}

/** cdk8s-plus-27 silently drops what Kubernetes 1.27 did not know; `preStop.sleep` came with 1.30. */
function withFieldsUnknownToTheSchema(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Deployment' || manifest.metadata.labels?.['app.kubernetes.io/component'] !== 'service')
    return manifest;
  const owner = structuredClone(manifest) as PodOwner;
  for (const container of owner.spec.template.spec.containers) {
    container.lifecycle = { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } };
  }
  return owner;
}
