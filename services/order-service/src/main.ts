import { runService } from '@souk/service-runtime';
import { orderService } from './app.ts';

runService(orderService);
