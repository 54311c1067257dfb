/** What data looks like when it is not there, not there yet, old, or not quite what it seems. */
export { Age, type AgeProps } from "./Age";
export { Badge, type BadgeKind } from "./Badge";
export { Banner, LinkBanner, type BannerProps } from "./Banner";
export { Empty, type EmptyProps } from "./Empty";
export { ErrorState, type ErrorStateProps } from "./ErrorState";
export { KeyValues, type Fact } from "./KeyValues";
export { OfflineNote, Panel, type PanelProps, type PanelQuery } from "./Panel";
export { Skeleton, type SkeletonProps } from "./Skeleton";
export { Stale, type StaleProps } from "./Stale";
export { isStale, STALE_AFTER } from "./staleness";
export { useDelayed } from "./useDelayed";
export { useOnline } from "./useOnline";
