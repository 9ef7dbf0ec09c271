import { apiGateway } from 'api-gateway';
import { notificationService } from 'notification-service';
import { orderService } from 'order-service';
import { paymentService } from 'payment-service';
import { productService } from 'product-service';
import { userService } from 'user-service';
import { type HostedService, hostService } from './hosted-service.ts';

/** All services, in the order in which they start: those that others ask come first. */
export const HOSTED_SERVICES: readonly HostedService[] = [
  hostService(userService, 'user-service', 'users'),
  hostService(productService, 'product-service', 'products'),
  hostService(orderService, 'order-service', 'orders'),
  hostService(paymentService, 'payment-service', 'payments'),
  hostService(notificationService, 'notification-service', 'notifications'),
  hostService(apiGateway, 'api-gateway'),
];
