import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram, type ServerContext, type TestServer } from './server.ts';

const ANSWER_TIMEOUT_MS = 10_000;

interface Image {
  name: string;
  port: number;
  /** The line of its log that says it takes connections. */
  readyLog: RegExp;
  scheme: string;
}

const RABBITMQ: Image = {
  name: 'rabbitmq:4-management-alpine',
  port: 5672,
  readyLog: /Server startup complete/,
  scheme: 'amqp://guest:guest@',
};
const REDIS: Image = {
  name: 'redis:8-alpine',
  port: 6379,
  readyLog: /Ready to accept connections/,
  scheme: 'redis://',
};

function mayHaveEngine(): boolean {
  const sockets = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')];
  const userSocket = `/run/user/${process.getuid?.() ?? 0}/docker.sock`;
  return process.env.DOCKER_HOST !== undefined || [...sockets, userSocket].some((path) => existsSync(path));
}

function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    const settle = (value?: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    promise.then(settle, () => settle());
  });
}

async function engineAnswers(): Promise<boolean> {
  if (!mayHaveEngine()) return false;
  // Our own reaper removes the containers where it can: the one of Testcontainers is another image to be had.
  if (findProgram('docker') !== undefined) process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  // Loading it takes a second, so only where there may be an engine at all.
  const { getContainerRuntimeClient } = await import('testcontainers');
  return (await within(getContainerRuntimeClient(), ANSWER_TIMEOUT_MS)) !== undefined;
}

async function startContainer(image: Image, { reaper }: ServerContext): Promise<TestServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(image.name)
    .withExposedPorts(image.port)
    .withWaitStrategy(Wait.forLogMessage(image.readyLog))
    .withStartupTimeout(120_000)
    .start();
  reaper.watchContainer(container.getId());
  return {
    url: `${image.scheme}${container.getHost()}:${container.getMappedPort(image.port)}`,
    stop: async () => {
      await container.stop();
    },
  };
}

async function startFromImage(image: Image, context: ServerContext): Promise<TestServer | undefined> {
  if (!(await engineAnswers())) return undefined;
  try {
    return await startContainer(image, context);
  } catch (error) {
    context.report(`The Docker engine answers, but ${image.name} did not start (${String(error).split('\n')[0]})`);
    return undefined;
  }
}

/** RabbitMQ in a container, undefined where no Docker engine answers or the image cannot be had. */
export function startRabbitMqContainer(context: ServerContext): Promise<TestServer | undefined> {
  return startFromImage(RABBITMQ, context);
}

/** Redis in a container, undefined where no Docker engine answers or the image cannot be had. */
export function startRedisContainer(context: ServerContext): Promise<TestServer | undefined> {
  return startFromImage(REDIS, context);
}
