import type { Point } from '../deployed/checklist.ts';
import type { Helm } from './helm.ts';
import * as basic from './points/basic.ts';
import * as life from './points/life.ts';
import * as monitoring from './points/monitoring.ts';
import * as outside from './points/outside.ts';
import * as upgrades from './points/upgrades.ts';
import { type Figures, Stage } from './stage.ts';

export interface ClusterOptions {
  helm: Helm;
  /** Helm 3, where it is tried too. */
  helm3?: Helm | undefined;
  /** Brings the images of the versions and those that cannot run into the cluster. */
  loadImages: () => Promise<void>;
  quick: boolean;
}

/** The operator on a cluster with nodes, from `helm install` to `kubectl delete shop`. */
export class OnCluster {
  readonly #options: ClusterOptions;
  readonly #stage: Stage;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#stage = new Stage(options.helm, options.helm3);
  }

  get figures(): Figures {
    return this.#stage.figures;
  }

  points(): Point[] {
    const point = (title: string, check: (stage: Stage) => ReturnType<Point['check']>): Point => ({
      title,
      check: () => check(this.#stage),
    });
    const images = {
      title: 'Images are in the cluster',
      check: () => this.#options.loadImages().then(() => undefined),
    };
    const install = point('helm install, and a Shop has placed an order', basic.installs);
    const repair = point('Deleted and changed objects come back', basic.repairs);
    const crash = point('An image that crashes is taken back', (stage) => basic.rollsBack(stage, 'crash'));
    const upgrade = point('An upgrade by version under 50 requests a second fails none', upgrades.upgradesUnderLoad);
    const end = point('A deleted Shop keeps its volumes', basic.keepsVolumes);
    if (this.#options.quick) return [images, install, repair, crash, upgrade, end];
    return [
      images,
      install,
      point('Every step of the install is an Event', basic.tellsEverything),
      point('helm test buys something', basic.testsWithHelm),
      repair,
      crash,
      point('An image that does not exist is taken back', (stage) => basic.rollsBack(stage, 'missing')),
      point('A version that needs one in between is refused', upgrades.refusesTooFar),
      upgrade,
      point('A version that is older than what runs is refused', upgrades.refusesDowngrade),
      point('A rollback under 50 requests a second fails none', upgrades.rollsBackUnderLoad),
      point('The leader is killed in the middle of an upgrade', upgrades.losesLeader),
      point('A Shop is edited in the middle of a rollout', upgrades.isEditedDuringRollout),
      point('A quota that refuses pods is named, and its end heals', life.namesQuota),
      point('An autoscaler owns the number of pods', life.leavesReplicas),
      point('Connections that are cut are made again', life.losesConnections),
      point('An API server that stands still for 30 s is caught up with', life.losesServer),
      point('Paused means hands off', life.pauses),
      point('Alerts, monitors and dashboard are accepted', monitoring.isMonitored),
      point('Metrics are let out to the namespace that is named', monitoring.letsMetricsOut),
      point('A second Shop in the namespace waits for approval and goes with its volumes', life.livesBeside),
      point('Helm 3 renders an operator that the API server accepts', basic.installsByOther),
      point('Databases, broker and cache of another namespace', outside.installsOnOutside),
      point('An Ingress leads to the shop', outside.exposesByIngress),
      point('A Gateway API that comes later leads to the shop', outside.exposesByGateway),
      point('A Shop without data of its own is deleted', outside.removesOnOutside),
      point('A settled Shop costs next to nothing', life.idles),
      end,
      point('A Shop of the same name takes them up', basic.takesUpAgain),
    ];
  }

  tellState(): Promise<void> {
    return this.#stage.tellState();
  }

  remove(): Promise<void> {
    return this.#stage.remove();
  }
}
