import { runService } from '@souk/service-runtime';
import { notificationService } from './app.ts';

runService(notificationService);
