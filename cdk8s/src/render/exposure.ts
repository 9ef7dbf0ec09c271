import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { PlatformOptions } from '../model/options.ts';
import { SERVICES } from '../model/platform.ts';
import { metadata } from './metadata.ts';

/** The way in from outside the cluster: an HTTPRoute of the Gateway API, or a plain Ingress without annotations. */
export function renderExposure(scope: Construct, options: PlatformOptions): void {
  const { exposure } = options;
  const gateway = SERVICES['api-gateway'];
  if (exposure.type === 'Gateway') {
    const route = new ApiObject(scope, 'route', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: metadata('souk', 'exposure', options),
      spec: {
        hostnames: [exposure.host],
        parentRefs: [{ name: exposure.gateway.name, namespace: exposure.gateway.namespace }],
        rules: [{ backendRefs: [{ name: gateway.name, port: gateway.port }] }],
      },
    });
    route.node.addMetadata('source', 'exposure');
  }
  if (exposure.type === 'Ingress') {
    new k8s.KubeIngress(scope, 'ingress', {
      metadata: metadata('souk', 'exposure', options),
      spec: {
        ingressClassName: exposure.className,
        tls: [{ hosts: [exposure.host], secretName: exposure.tlsSecretName }],
        rules: [
          {
            host: exposure.host,
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: gateway.name, port: { name: 'http' } } } },
              ],
            },
          },
        ],
      },
    });
  }
}
