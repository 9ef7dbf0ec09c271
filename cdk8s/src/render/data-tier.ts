import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { developmentSecretsOf } from '../model/environment.ts';
import { type DataPart, isEmbedded, type PlatformOptions } from '../model/options.ts';
import {
  AMQP_PORT,
  DATA_IMAGES,
  MAIL_PAGE_PORT,
  POSTGRES_PORT,
  POSTGRES_SERVERS,
  postgresServerOf,
  RABBITMQ_MANAGEMENT_PORT,
  REDIS_ARGS,
  REDIS_PORT,
  type Resources,
  type ServiceModel,
  SMTP_PORT,
} from '../model/platform.ts';
import { labels, metadata, selectorLabels } from './metadata.ts';
import { POD_DEFAULTS, restrictedContainer, restrictedPod, toResourceRequirements } from './pod.ts';

/** One stateful program of the embedded data tier. */
interface DataProgram {
  name: string;
  part: DataPart;
  image: string;
  uid: number;
  ports: { name: string; port: number }[];
  env: k8s.EnvVar[];
  args?: string[];
  mountPath?: string;
  storage?: string;
  /** A command that succeeds when it is ready; without one it is ready when its first port is open. */
  readiness?: string[];
  resources: Resources;
}

const tcpSocket = ({ ports }: DataProgram) => ({ port: k8s.IntOrString.fromString(ports[0]?.name ?? '') });

const readyProbe = (program: DataProgram, options: { periodSeconds: number; failureThreshold: number }): k8s.Probe => ({
  ...(program.readiness ? { exec: { command: program.readiness } } : { tcpSocket: tcpSocket(program) }),
  timeoutSeconds: 10,
  ...options,
});

function programs(): DataProgram[] {
  const postgres = Object.entries(POSTGRES_SERVERS).map(
    ([name, databases]): DataProgram => ({
      name,
      part: 'database',
      image: DATA_IMAGES.postgres,
      uid: 70,
      ports: [{ name: 'postgres', port: POSTGRES_PORT }],
      env: [
        { name: 'POSTGRES_USER', value: 'owner' },
        { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'souk-postgres', key: 'password' } } },
        { name: 'POSTGRES_DB', value: databases[0] ?? 'postgres' },
        // Said and not left to the image: UTF-8 is what search needs, and its order is the same on every C library.
        { name: 'LANG', value: 'C.UTF-8' },
      ],
      mountPath: '/var/lib/postgresql',
      storage: '1Gi',
      readiness: ['pg_isready', '-q', '-U', 'owner', '-h', '127.0.0.1'],
      resources: { cpuRequest: '50m', memoryRequest: '96Mi', memoryLimit: '512Mi' },
    }),
  );
  return [
    ...postgres,
    {
      name: 'redis',
      part: 'cache',
      image: DATA_IMAGES.redis,
      uid: 999,
      ports: [{ name: 'redis', port: REDIS_PORT }],
      env: [],
      args: [...REDIS_ARGS],
      mountPath: '/data',
      readiness: ['redis-cli', 'ping'],
      resources: { cpuRequest: '25m', memoryRequest: '32Mi', memoryLimit: '256Mi' },
    },
    {
      name: 'rabbitmq',
      part: 'messaging',
      image: DATA_IMAGES.rabbitmq,
      uid: 100,
      ports: [
        { name: 'amqp', port: AMQP_PORT },
        { name: 'management', port: RABBITMQ_MANAGEMENT_PORT },
      ],
      env: [
        { name: 'RABBITMQ_DEFAULT_USER', value: 'souk' },
        { name: 'RABBITMQ_DEFAULT_PASS', valueFrom: { secretKeyRef: { name: 'souk-rabbitmq', key: 'password' } } },
        // The node's name is the name of its data: a StatefulSet's pod keeps it.
        { name: 'RABBITMQ_NODENAME', value: 'rabbit@localhost' },
      ],
      mountPath: '/var/lib/rabbitmq',
      storage: '1Gi',
      // It listens last of all, and its own diagnostics would cost a second of CPU each time.
      resources: { cpuRequest: '100m', memoryRequest: '256Mi', memoryLimit: '768Mi' },
    },
  ];
}

function podSpec(program: DataProgram): k8s.PodSpec {
  const data = program.mountPath ? [{ name: 'data', mountPath: program.mountPath }] : [];
  const volumes =
    program.mountPath && !program.storage
      ? [{ name: 'data', emptyDir: { sizeLimit: k8s.Quantity.fromString('256Mi') } }]
      : [];
  return {
    ...POD_DEFAULTS,
    securityContext: restrictedPod(program.uid),
    terminationGracePeriodSeconds: 60,
    containers: [
      {
        name: program.name,
        image: program.image,
        imagePullPolicy: 'IfNotPresent',
        ...(program.args ? { args: program.args } : {}),
        env: program.env,
        ports: program.ports.map(({ name, port }) => ({ name, containerPort: port })),
        resources: toResourceRequirements(program.resources),
        // The official images write beside their data (sockets, pid files).
        securityContext: restrictedContainer({ writableRoot: true }),
        startupProbe: readyProbe(program, { periodSeconds: 2, failureThreshold: 60 }),
        readinessProbe: readyProbe(program, { periodSeconds: 10, failureThreshold: 3 }),
        livenessProbe: {
          tcpSocket: tcpSocket(program),
          periodSeconds: 20,
          timeoutSeconds: 5,
          failureThreshold: 6,
        },
        volumeMounts: data,
      },
    ],
    ...(volumes.length > 0 ? { volumes } : {}),
  };
}

function renderProgram(scope: Construct, program: DataProgram, options: PlatformOptions): void {
  new k8s.KubeStatefulSet(scope, `${program.name}-set`, {
    metadata: metadata(program.name, 'data', options),
    spec: {
      replicas: 1,
      serviceName: program.name,
      selector: { matchLabels: selectorLabels(program.name, options) },
      template: { metadata: { labels: labels(program.name, 'data', options) }, spec: podSpec(program) },
      ...(program.storage
        ? {
            volumeClaimTemplates: [
              {
                metadata: { name: 'data', labels: selectorLabels(program.name, options) },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  resources: { requests: { storage: k8s.Quantity.fromString(program.storage) } },
                },
              },
            ],
          }
        : {}),
    },
  });
  renderDataService(scope, program, options);
}

function renderDataService(
  scope: Construct,
  { name, ports }: Pick<DataProgram, 'name' | 'ports'>,
  options: PlatformOptions,
): void {
  new k8s.KubeService(scope, `${name}-service`, {
    metadata: metadata(name, 'data', options),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(name, options),
      ports: ports.map((port) => ({
        name: port.name,
        port: port.port,
        targetPort: k8s.IntOrString.fromString(port.name),
      })),
    },
  });
}

/** Catches every mail and shows it on a page; keeps nothing. */
function renderMailpit(scope: Construct, options: PlatformOptions): void {
  const ports = [
    { name: 'smtp', port: SMTP_PORT },
    { name: 'page', port: MAIL_PAGE_PORT },
  ];
  const probe = { httpGet: { path: '/', port: k8s.IntOrString.fromString('page') }, timeoutSeconds: 3 };
  new k8s.KubeDeployment(scope, 'mailpit-deployment', {
    metadata: metadata('mailpit', 'data', options),
    spec: {
      replicas: 1,
      selector: { matchLabels: selectorLabels('mailpit', options) },
      template: {
        metadata: { labels: labels('mailpit', 'data', options) },
        spec: {
          ...POD_DEFAULTS,
          securityContext: restrictedPod(1000),
          containers: [
            {
              name: 'mailpit',
              image: DATA_IMAGES.mailpit,
              imagePullPolicy: 'IfNotPresent',
              ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
              resources: toResourceRequirements({ cpuRequest: '25m', memoryRequest: '64Mi', memoryLimit: '256Mi' }),
              securityContext: restrictedContainer({ writableRoot: true }),
              startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 60 },
              readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 },
              livenessProbe: { tcpSocket: { port: k8s.IntOrString.fromString('smtp') }, periodSeconds: 20 },
            },
          ],
        },
      },
    },
  });
  renderDataService(scope, { name: 'mailpit', ports }, options);
}

/** `postgresql://order_service:order_service@postgres-orders:5432/orders` and the owner's. Development values. */
function databaseUrlOf(service: ServiceModel, user: 'service' | 'owner'): string {
  const database = service.database ?? 'users';
  const login =
    user === 'owner' ? 'owner:owner' : `${service.name.replaceAll('-', '_')}:${service.name.replaceAll('-', '_')}`;
  return `postgresql://${login}@${postgresServerOf(database)}:${POSTGRES_PORT}/${database}`;
}

export function renderDataTier(scope: Construct, options: PlatformOptions): void {
  const secrets = {
    ...developmentSecretsOf(databaseUrlOf),
    'souk-postgres': { password: 'owner' },
    'souk-rabbitmq': { password: 'souk' },
  };
  for (const [name, stringData] of Object.entries(secrets)) {
    new k8s.KubeSecret(scope, `${name}-secret`, {
      metadata: metadata(name, 'secret', options),
      type: 'Opaque',
      stringData,
    });
  }
  for (const program of programs()) if (isEmbedded(options, program.part)) renderProgram(scope, program, options);
  if (isEmbedded(options, 'mail')) renderMailpit(scope, options);
}
