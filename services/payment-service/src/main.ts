import { runService } from '@souk/service-runtime';
import { paymentService } from './app.ts';

runService(paymentService);
