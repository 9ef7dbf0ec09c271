import { runService } from '@souk/service-runtime';
import { apiGateway } from './app.ts';

runService(apiGateway);
