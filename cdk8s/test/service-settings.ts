import { describeSettings } from '@souk/service-runtime';
import { apiGateway } from 'api-gateway';
import { notificationService } from 'notification-service';
import { orderService } from 'order-service';
import { paymentService } from 'payment-service';
import { productService } from 'product-service';
import { userService } from 'user-service';

const rowsOf = {
  'api-gateway': describeSettings(apiGateway.settings),
  'notification-service': describeSettings(notificationService.settings),
  'order-service': describeSettings(orderService.settings),
  'payment-service': describeSettings(paymentService.settings),
  'product-service': describeSettings(productService.settings),
  'user-service': describeSettings(userService.settings),
};

export interface KnownSetting {
  name: string;
  required: boolean;
  default: string;
}

/** Service -> the environment variables that its own settings know. */
export const SETTINGS: Readonly<Record<string, readonly KnownSetting[]>> = Object.fromEntries(
  Object.entries(rowsOf).map(([service, rows]) => [
    service,
    rows.map((row) => ({ name: row.variable, required: row.required, default: row.default })),
  ]),
);
