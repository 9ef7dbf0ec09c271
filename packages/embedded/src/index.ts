export { DEFAULT_PORTS, type PortName, type Ports } from './layout.ts';
export { type PlatformOptions, type RunningPlatform, startPlatform } from './platform.ts';
export { type Progress, plainProgress } from './progress.ts';
export { explainStart, StartError } from './start-error.ts';
export { DEMO_ACCOUNTS, orderCommand } from './welcome.ts';
