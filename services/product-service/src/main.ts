import { runService } from '@souk/service-runtime';
import { productService } from './app.ts';

runService(productService);
