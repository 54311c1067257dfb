/** Charts: lines over time, sparks, heat maps, tiles, bars and gauges. All can be read without seeing them. */

export { type Askable, asCurl, asGraphQL, asPython, type Question, shell } from "./copyAs";
export { copied, ExportMenu } from "./ExportMenu";
export { fileName } from "./names";
export type { Zone } from "./dial";
export { usualStep } from "./gaps";
export { Gauge, type GaugeProps } from "./Gauge";
export { HeatMap, type HeatMapProps, type HeatRow } from "./HeatMap";
export { Sparkline, type SparklineProps } from "./Sparkline";
export { type BarSeries, StackBars, type StackBarsProps } from "./StackBars";
export { type Tile, Tiles, type TilesProps, type TileState } from "./Tiles";
export { TimeChart } from "./TimeChart";
export type { Limit, Line, LineKind, Marker, Span, TimeChartProps, Truth, Values } from "./types";
