// @ts-check
import { offerCardJob } from "./card-jobs.js";

offerCardJob();
