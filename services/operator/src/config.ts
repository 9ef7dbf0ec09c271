import {
  booleanSetting,
  commonSettings,
  defineSettings,
  integerSetting,
  listSetting,
  portSetting,
  type SettingsOf,
  stringSetting,
  urlSetting,
} from '@souk/service-runtime';

export const settings = defineSettings({
  port: portSetting(8080),
  logLevel: commonSettings.logLevel,
  logFormat: commonSettings.logFormat,
  shutdownGraceMs: commonSettings.shutdownGraceMs,
  watchNamespaces: listSetting('WATCH_NAMESPACES', {
    items: 'strings',
    default: [],
    description: 'operator: namespaces whose Shops are worked on; empty is all of them',
  }),
  podName: stringSetting('POD_NAME', {
    default: 'operator',
    description: 'operator: who it is in the leader election',
  }),
  podNamespace: stringSetting('POD_NAMESPACE', { default: 'default', description: 'operator: where its Lease is' }),
  leaderElection: booleanSetting('LEADER_ELECTION', {
    default: true,
    description: 'operator: whether only one of several replicas works',
  }),
  operatorImage: stringSetting('OPERATOR_IMAGE', {
    default: undefined,
    description: 'operator: its own image, which also tests shops; without it no smoke test runs',
  }),
  kubeconfig: stringSetting('KUBECONFIG', {
    default: undefined,
    description: 'operator: how it reaches the API server; goes before the account of its pod',
  }),
  kubernetesHost: stringSetting('KUBERNETES_SERVICE_HOST', {
    default: undefined,
    description: 'operator: the API server as every pod is told; kubeconfig files are read without it',
  }),
  kubernetesPort: stringSetting('KUBERNETES_SERVICE_PORT', {
    default: '443',
    description: 'operator: its port',
  }),
  extraReleases: stringSetting('EXTRA_RELEASES', {
    default: undefined,
    description: 'operator: more versions than it knows by itself, as a JSON list of releases',
  }),
  resyncIntervalMs: integerSetting('RESYNC_INTERVAL_MS', {
    default: 300_000,
    min: 1_000,
    max: 86_400_000,
    unit: 'ms',
    description: 'operator: pause between two looks at a Shop of which nothing was heard',
  }),
  shopUrl: urlSetting('SHOP_URL', {
    default: undefined,
    description: 'operator: the gateway that the smoke test tests',
  }),
});

export type Config = SettingsOf<typeof settings>;
