/** Bottleneck types its main module only; the throttling plugin uses this one, which is smaller. */
declare module 'bottleneck/light.js' {
  export { default } from 'bottleneck';
}
