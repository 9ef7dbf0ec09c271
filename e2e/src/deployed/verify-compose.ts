// npm run verify:compose: looks at the containers that run now. Exits with 1 when a point does not hold.
import { runChecklist } from './checklist.ts';
import { composePoints } from './compose-points.ts';

process.exitCode = (await runChecklist('The platform in containers (compose.dev.yaml)', composePoints())) ? 0 : 1;
