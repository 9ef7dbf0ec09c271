import { runService } from '@souk/service-runtime';
import { operator } from './app.ts';

runService(operator);
