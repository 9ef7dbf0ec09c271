import { runService } from '@souk/service-runtime';
import { userService } from './app.ts';

runService(userService);
