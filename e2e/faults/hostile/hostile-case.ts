import type { ServiceName } from '../../src/index.ts';

export type Role = 'nobody' | 'owner' | 'stranger' | 'admin';

/** One request that nobody with good intentions would send, and what it must be answered. */
export interface HostileCase {
  title: string;
  as?: Role;
  method: string;
  /** Below /api/v1. */
  path: string;
  headers?: readonly (readonly [string, string])[];
  /** As it goes over the wire; a Content-Type of JSON is added where the headers name none. */
  body?: string | Buffer;
  status: number | readonly number[];
  slug?: string;
  pointer?: string;
  allow?: string;
}

/** What the cases are about, made before they run. */
export interface HostileWorld {
  userId: string;
  strangerId: string;
  productId: string;
  /** Of that product. */
  etag: string;
  inventoryEtag: string;
  paidOrderId: string;
  openOrderId: string;
  cancelledOrderId: string;
  shippedOrderId: string;
  paymentId: string;
  addressId: string;
  /** The access token of the owner, to be bent. */
  token: string;
  refreshToken: string;
  profileEtag: string;
}

/** The service that answers a path. */
export function serviceOf(path: string): ServiceName {
  const first = path.split(/[/?]/)[1] ?? '';
  if (first === 'users') return 'user-service';
  if (first === 'products' || first === 'categories') return 'product-service';
  if (first === 'payments') return 'payment-service';
  if (first === 'operations') return (path.split('/')[2] ?? 'order-service') as ServiceName;
  return 'order-service';
}
