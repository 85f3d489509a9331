import { bundleCommand } from './command-bundle.ts';

/** `npm run build:command`: what `bin/faro.js` runs in a package, which comes without sources and without esbuild. */
await bundleCommand('dist');
