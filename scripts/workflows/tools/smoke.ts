/** `npm run smoke`, for the workflow Smoke test, whose job installs nothing. */
import '../../smoke.ts';
