export const monitorHtml = (r: import('./monitor-report.ts').MonitorReport): string => r.model;
